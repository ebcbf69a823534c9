SELECT
    mails.eventtype,
    mails.mailmessageid,
    mails.mailtimestamp,
    mails.mailsource,
    mails.mailsubject,
    mails.bouncetype,
    mails.bouncesubtype,
    mails.bouncetimestamp,
    recipients.emailaddress,
    recipients.action,
    recipients.status,
    recipients.diagnosticcode
FROM vwsesmaster AS mails
JOIN vwbouncemailrecipients AS recipients
    ON mails.eventtype = recipients.eventtype
    AND mails.mailmessageid = recipients.messageid
