SELECT
    from_iso8601_timestamp(time) AS changed_at,
    detail.name AS parameter,
    detail.operation AS operation,
    region,
    account
FROM "AwsDataCatalog"."${catalog.name}"."parameter_store_change"
-- One parameter only: WHERE detail.name = '/my/parameter'
ORDER BY changed_at DESC
LIMIT 100
