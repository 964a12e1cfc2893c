from gonghui.partners.models import Clerk


def store_ids_of(user_id: int) -> frozenset[int]:
    """The stores where this user honours vouchers."""
    rows = Clerk.objects.unscoped("building the actor of this user").filter(
        user_id=user_id, ended_at__isnull=True, store__partner__state="active"
    )
    return frozenset(rows.values_list("store_id", flat=True))
