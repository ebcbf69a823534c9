SELECT
    eventtype,
    messageid,
    emailaddress,
    action,
    status,
    diagnosticcode
FROM vwbouncemailtmprecipients
CROSS JOIN UNNEST(recipients) AS item (emailaddress, action, status, diagnosticcode)
