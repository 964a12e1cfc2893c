-- 前十类 means ten at most, and a ranking stays as it was made: subsidies refer to it.

ALTER TABLE mall_rankingsnapshot ADD CONSTRAINT mall_ranking_of_ten_at_most CHECK (jsonb_array_length(items) <= 10);
CREATE TRIGGER mall_ranking_stays BEFORE UPDATE OR DELETE ON mall_rankingsnapshot
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays();
CREATE TRIGGER mall_subsidy_stays BEFORE UPDATE OR DELETE ON mall_subsidy FOR EACH ROW EXECUTE FUNCTION kit_row_stays();
