SELECT
    eventtype,
    messageid,
    recipient
FROM vwsendmailtmprecipients
CROSS JOIN UNNEST(recipients) AS item (recipient)
