-- Of each customer the last change of the day, as the table holds all of them.
WITH customers AS (
    SELECT customerid, max_by(name, timestamp) AS name, max_by(country, timestamp) AS country
    FROM "AwsDataCatalog"."${catalog.name}"."${customers.name}"
    WHERE year = year(current_date)
      AND month = month(current_date)
      AND day = day(current_date)
    GROUP BY customerid
)
SELECT customers.name, customers.country, orders.orderid, transactions.amount, transactions.source
FROM "AwsDataCatalog"."${catalog.name}"."${orders.name}" AS orders
JOIN customers ON customers.customerid = orders.customerid
LEFT JOIN "AwsDataCatalog"."${catalog.name}"."${transactions.name}" AS transactions
    ON transactions.transactionid = orders.transactionid
    AND transactions.year = year(current_date)
    AND transactions.month = month(current_date)
    AND transactions.day = day(current_date)
WHERE orders.year = year(current_date)
  AND orders.month = month(current_date)
  AND orders.day = day(current_date)
ORDER BY orders.timestamp DESC
LIMIT 100
