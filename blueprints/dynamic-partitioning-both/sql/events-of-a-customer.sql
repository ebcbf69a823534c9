-- The table needs the customer in each query; the day keeps Athena from reading more than is asked for.
SELECT
    device,
    event,
    count(*) AS events,
    max(from_iso8601_timestamp(time)) AS last_at
FROM "AwsDataCatalog"."${catalog.name}"."${events.name}"
WHERE customer_id = '1234567890'
  AND year = year(current_date)
  AND month = month(current_date)
  AND day = day(current_date)
GROUP BY device, event
ORDER BY events DESC
LIMIT 100
