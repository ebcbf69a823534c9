SELECT
    eventtype,
    messageid,
    emailaddress
FROM vwcomplainttmprecipients
CROSS JOIN UNNEST(recipients) AS item (emailaddress)
