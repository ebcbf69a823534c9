SELECT
    day,
    eventtype,
    count(*) AS events
FROM sesmaster
WHERE day >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
GROUP BY day, eventtype
ORDER BY day DESC, events DESC
