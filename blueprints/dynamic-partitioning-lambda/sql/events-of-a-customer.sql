-- The table needs the customer in each query; the day keeps Athena from reading more than is asked for.
SELECT
    hour,
    type.device AS device,
    type.event AS event,
    count(*) AS events
FROM "AwsDataCatalog"."${catalog.name}"."${events.name}"
WHERE customer_id = '1234567890'
  AND year = year(current_date)
  AND month = month(current_date)
  AND day = day(current_date)
GROUP BY hour, type.device, type.event
ORDER BY hour, events DESC
LIMIT 100
