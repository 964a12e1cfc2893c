-- One bill's lines and parts are a handful, found by index. A plan made while the tables were empty would read all of them for
-- every bill of a great transaction.
ALTER FUNCTION bills_bill_whole() SET enable_seqscan = off;
ALTER FUNCTION bills_bill_whole() SET enable_hashjoin = off;
ALTER FUNCTION bills_bill_whole() SET enable_mergejoin = off;
ALTER FUNCTION bills_refund_whole() SET enable_seqscan = off;
ALTER FUNCTION bills_refund_whole() SET enable_hashjoin = off;
ALTER FUNCTION bills_refund_whole() SET enable_mergejoin = off;
