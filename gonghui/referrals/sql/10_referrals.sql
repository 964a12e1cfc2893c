-- An introduction's facts never change, it goes its ways only, and it counts only for somebody who never was a member before.

CREATE FUNCTION referrals_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('referral_stays', 'an introduction stays');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('pending', 'void') THEN
            PERFORM kit_refuses('referral_way', 'an introduction begins as pending');
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.campaign_id, NEW.referrer_id, NEW.application_id) IS DISTINCT FROM (OLD.campaign_id, OLD.referrer_id, OLD.application_id)
       OR (OLD.joinee_id IS NOT NULL AND NEW.joinee_id IS DISTINCT FROM OLD.joinee_id)
       OR (OLD.joiner_voucher_id IS NOT NULL AND NEW.joiner_voucher_id IS DISTINCT FROM OLD.joiner_voucher_id)
       OR (OLD.referrer_voucher_id IS NOT NULL AND NEW.referrer_voucher_id IS DISTINCT FROM OLD.referrer_voucher_id) THEN
        PERFORM kit_refuses('referral_facts', 'the facts of an introduction do not change');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'pending>qualified', 'qualified>rewarded', 'pending>void', 'qualified>void', 'rewarded>void']) THEN
        PERFORM kit_refuses('referral_way', format('an introduction cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    IF NEW.state = 'qualified' AND OLD.state <> 'qualified' AND (
        SELECT coalesce(min(m.created_at), '-infinity') < (
               SELECT a.created_at FROM joining_joinapplication a WHERE a.id = NEW.application_id)
          FROM members_membership m WHERE m.person_id = NEW.joinee_id) THEN
        PERFORM kit_refuses('referral_of_a_new_member', 'an introduction counts for somebody who joined for the first time');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER referrals_guard BEFORE INSERT OR UPDATE OR DELETE ON referrals_referral
    FOR EACH ROW EXECUTE FUNCTION referrals_guard();

-- What a campaign promises does not change once it runs; it ends and does not begin again.
CREATE FUNCTION referrals_campaign_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{state,checker_id,updated_at}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('referral_campaign_stays', 'a campaign stays');
    END IF;
    IF OLD.state <> 'draft' AND to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving THEN
        PERFORM kit_refuses('referral_campaign_facts', 'what a running campaign promises does not change');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY['draft>running', 'draft>ended', 'running>ended']) THEN
        PERFORM kit_refuses('referral_campaign_way', format('a campaign cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER referrals_campaign_guard BEFORE UPDATE OR DELETE ON referrals_referralcampaign
    FOR EACH ROW EXECUTE FUNCTION referrals_campaign_guard();
