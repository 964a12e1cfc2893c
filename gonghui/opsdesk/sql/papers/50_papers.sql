-- What was put beside a question stays as it was, and comes while the question is open. Sealing it with another key is no change.
CREATE TRIGGER opsdesk_questionpaper_stays BEFORE UPDATE OR DELETE ON opsdesk_questionpaper
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{content,updated_at}');

CREATE FUNCTION opsdesk_question_paper_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM opsdesk_question q WHERE q.id = NEW.question_id AND q.closed_at IS NOT NULL) THEN
        PERFORM kit_refuses('question_paper_late', 'nothing is put beside a question that is over');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opsdesk_question_paper_guard BEFORE INSERT ON opsdesk_questionpaper
    FOR EACH ROW EXECUTE FUNCTION opsdesk_question_paper_guard();
