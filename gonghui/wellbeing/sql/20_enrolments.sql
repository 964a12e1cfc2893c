-- Places and slots are counted here, whoever writes: the CHECKs of the counters say "never more than there are".

CREATE FUNCTION health_holds(p_state text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_state IN ('co_pay_due', 'co_pay_paid', 'booked', 'attended', 'settled') THEN 1 ELSE 0 END
$$;

CREATE FUNCTION health_enrolment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE fixed text[] := '{id,plan_id,person_id,key,code,said_group,created_at}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('health_enrolment_stays', 'an enrolment stays');
    END IF;
    IF (SELECT plan_id FROM wellbeing_package WHERE id = NEW.package_id) <> NEW.plan_id THEN
        PERFORM kit_refuses('health_enrolment_package', 'the package is of another plan');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'applied' THEN
            PERFORM kit_refuses('health_enrolment_way', 'an enrolment begins as applied');
        END IF;
        RETURN NEW;
    END IF;
    IF (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(NEW)) WHERE key = ANY (fixed))
       IS DISTINCT FROM
       (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(OLD)) WHERE key = ANY (fixed))
       OR (NEW.package_id <> OLD.package_id AND OLD.payment_id IS NOT NULL)
       OR (OLD.bill_id IS NOT NULL AND NEW.bill_id IS DISTINCT FROM OLD.bill_id) THEN
        PERFORM kit_refuses('health_enrolment_facts', 'the facts of an enrolment do not change');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'applied>eligible', 'applied>rejected', 'eligible>co_pay_due', 'co_pay_due>co_pay_paid', 'co_pay_due>lapsed',
        'co_pay_paid>booked', 'booked>co_pay_paid', 'booked>no_show', 'booked>attended', 'attended>settled',
        'applied>cancelled', 'eligible>cancelled', 'co_pay_due>cancelled', 'co_pay_paid>cancelled',
        'booked>cancelled']) THEN
        PERFORM kit_refuses('health_enrolment_way', format('an enrolment cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER health_enrolment_guard BEFORE INSERT OR UPDATE OR DELETE ON wellbeing_enrolment
    FOR EACH ROW EXECUTE FUNCTION health_enrolment_guard();

CREATE FUNCTION health_count_places() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE wellbeing_healthplan SET taken = taken + health_holds(NEW.state) - health_holds(OLD.state)
     WHERE id = NEW.plan_id;
    RETURN NULL;
END $$;
CREATE TRIGGER health_count_places AFTER UPDATE OF state ON wellbeing_enrolment
    FOR EACH ROW WHEN (health_holds(NEW.state) <> health_holds(OLD.state)) EXECUTE FUNCTION health_count_places();

CREATE FUNCTION health_slot_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.taken := 0;
    ELSIF NEW.taken <> OLD.taken AND pg_trigger_depth() < 2 THEN
        PERFORM kit_refuses('health_slot_counts', 'a slot is counted by its appointments');
    ELSIF (NEW.plan_id, NEW.store_id, NEW.day) IS DISTINCT FROM (OLD.plan_id, OLD.store_id, OLD.day)
          AND OLD.taken > 0 THEN
        PERFORM kit_refuses('health_slot_facts', 'people are booked there');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER health_slot_guard BEFORE INSERT OR UPDATE ON wellbeing_slot
    FOR EACH ROW EXECUTE FUNCTION health_slot_guard();

CREATE FUNCTION health_appointment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('health_appointment_stays', 'an appointment stays');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'booked' OR NOT EXISTS (
            SELECT FROM wellbeing_enrolment e JOIN wellbeing_package p ON p.id = e.package_id
              JOIN wellbeing_slot s ON s.id = NEW.slot_id
             WHERE e.id = NEW.enrolment_id AND s.plan_id = e.plan_id AND s.store_id = p.store_id) THEN
            PERFORM kit_refuses('health_appointment_place', 'an appointment is at the hospital of the package');
        END IF;
    ELSIF (NEW.enrolment_id, NEW.slot_id) IS DISTINCT FROM (OLD.enrolment_id, OLD.slot_id)
       OR (NEW.state <> OLD.state AND OLD.state <> 'booked') THEN
        PERFORM kit_refuses('health_appointment_facts', 'an appointment that is over stays as it is');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER health_appointment_guard BEFORE INSERT OR UPDATE OR DELETE ON wellbeing_appointment
    FOR EACH ROW EXECUTE FUNCTION health_appointment_guard();

-- Who came and who did not keep the slot they had; who asked for another day gives it back.
CREATE FUNCTION health_count_slot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE wellbeing_slot SET taken = taken + 1 WHERE id = NEW.slot_id;
    ELSE
        UPDATE wellbeing_slot SET taken = taken - 1 WHERE id = NEW.slot_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER health_count_slot AFTER INSERT ON wellbeing_appointment
    FOR EACH ROW EXECUTE FUNCTION health_count_slot();
CREATE TRIGGER health_uncount_slot AFTER UPDATE OF state ON wellbeing_appointment
    FOR EACH ROW WHEN (OLD.state = 'booked' AND NEW.state IN ('rescheduled', 'cancelled'))
    EXECUTE FUNCTION health_count_slot();
