-- The table needs the customer in each query; the day keeps Athena from reading more than is asked for.
SELECT
    device,
    type.event AS event,
    count(*) AS events,
    from_unixtime(max(if(event_timestamp > 4102444800, event_timestamp / 1000, event_timestamp))) AS last_at
FROM "AwsDataCatalog"."${catalog.name}"."${events.name}"
WHERE customer_id = '1234567890'
  AND year = year(current_date)
  AND month = month(current_date)
  AND day = day(current_date)
GROUP BY device, type.event
ORDER BY events DESC
LIMIT 100
