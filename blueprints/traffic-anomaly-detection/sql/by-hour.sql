SELECT
    day,
    substr(at, 12, 2) AS hour,
    event,
    count(*) AS events,
    count(DISTINCT session) AS sessions
FROM events
GROUP BY day, substr(at, 12, 2), event
