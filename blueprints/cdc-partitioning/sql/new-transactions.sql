SELECT source, count(*) AS transactions, sum(amount) AS amount
FROM "AwsDataCatalog"."${catalog.name}"."${transactions.name}"
WHERE year = year(current_date)
  AND month = month(current_date)
  AND day = day(current_date)
GROUP BY source
ORDER BY amount DESC
