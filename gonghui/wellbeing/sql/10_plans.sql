-- What was reviewed is what members are told: a plan's facts, packages and list of groups change in a draft only.

CREATE FUNCTION health_plan_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{state,checker_id,commitment_id,reserved_times,next_position,taken,updated_at}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'draft' OR OLD.reserved_times > 0 THEN
            PERFORM kit_refuses('health_plan_stays', 'only a draft nobody reviewed is thrown away');
        END IF;
        RETURN OLD;
    END IF;
    IF (SELECT kind FROM orgs_union WHERE id = NEW.union_id) NOT IN ('province', 'city') THEN
        PERFORM kit_refuses('health_plan_level', 'a health plan is run by a city or the province');
    END IF;
    IF TG_OP = 'INSERT' THEN
        NEW.taken := 0;
        IF NEW.state <> 'draft' THEN
            PERFORM kit_refuses('health_plan_way', 'a plan begins as a draft');
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'draft' AND to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving THEN
        PERFORM kit_refuses('health_plan_facts', 'a plan that was reviewed does not change');
    END IF;
    IF NEW.taken <> OLD.taken AND pg_trigger_depth() < 2 THEN
        PERFORM kit_refuses('health_plan_counts', 'places are counted by the enrolments');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'draft>reviewed', 'reviewed>draft', 'reviewed>open', 'reviewed>closed', 'open>closed']) THEN
        PERFORM kit_refuses('health_plan_way', format('a plan cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER health_plan_guard BEFORE INSERT OR UPDATE OR DELETE ON wellbeing_healthplan
    FOR EACH ROW EXECUTE FUNCTION health_plan_guard();

CREATE FUNCTION health_package_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE at_state text; kind_of_partner text;
BEGIN
    SELECT state INTO at_state FROM wellbeing_healthplan WHERE id = COALESCE(NEW.plan_id, OLD.plan_id);
    IF at_state IS NOT NULL AND at_state <> 'draft' THEN
        PERFORM kit_refuses('health_plan_facts', 'a plan that was reviewed does not change');
    END IF;
    IF TG_OP <> 'DELETE' THEN
        SELECT p.kind INTO kind_of_partner FROM partners_store s JOIN partners_partner p ON p.id = s.partner_id
         WHERE s.id = NEW.store_id;
        IF kind_of_partner <> 'health' THEN
            PERFORM kit_refuses('health_package_at_hospital', 'a package is of a hospital or health centre');
        END IF;
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER health_package_guard BEFORE INSERT OR UPDATE OR DELETE ON wellbeing_package
    FOR EACH ROW EXECUTE FUNCTION health_package_guard();
