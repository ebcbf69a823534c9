SELECT txid, amount, from_iso8601_timestamp(timestamp) AS made_at
FROM "AwsDataCatalog"."${catalog.name}"."${transactions-v1.name}"
WHERE year = year(current_date)
  AND month = month(current_date)
  AND day = day(current_date)
ORDER BY made_at DESC
LIMIT 100
