from gonghui.accounts.models import User


class ScopedBackend:
    """Loads the signed-in user; credentials are checked by `accounts.actions`, never here."""

    def authenticate(self, request, **credentials):
        return None

    def get_user(self, user_id: int):
        return User.objects.unscoped("the session's own user").filter(pk=user_id, is_active=True).first()
