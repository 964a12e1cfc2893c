-- A change takes effect on a membership it fits; retiring and losing one's work come again only after a resumption.

CREATE FUNCTION members_change_way() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    here text := (SELECT status FROM members_membership WHERE id = NEW.membership_id);
    resumed bigint := (SELECT coalesce(max(c.id), 0) FROM members_membershipchange c
                        WHERE c.membership_id = NEW.membership_id AND c.kind = 'resumed' AND c.state = 'confirmed');
BEGIN
    IF NOT (CASE NEW.kind
        WHEN 'resumed' THEN here = 'retained'
        WHEN 'laid_off' THEN here IN ('active', 'transferring')
        ELSE here IN ('active', 'transferring', 'retained') END) THEN
        PERFORM kit_refuses('members_change_fits', format('%s does not fit a membership that is %s', NEW.kind, here));
    END IF;
    IF NEW.kind IN ('retired', 'laid_off') AND EXISTS (
        SELECT FROM members_membershipchange c WHERE c.membership_id = NEW.membership_id AND c.kind = NEW.kind
           AND c.state = 'confirmed' AND c.id > resumed AND c.id <> NEW.id) THEN
        PERFORM kit_refuses('members_change_fits', format('%s already, and not resumed since', NEW.kind));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_change_way BEFORE UPDATE OF state ON members_membershipchange FOR EACH ROW
    WHEN (NEW.state = 'confirmed' AND OLD.state = 'proposed') EXECUTE FUNCTION members_change_way();
