SELECT
    mails.eventtype,
    mails.mailmessageid,
    mails.mailtimestamp,
    mails.mailsource,
    mails.mailsubject,
    recipients.recipient
FROM vwsesmaster AS mails
JOIN vwsendmailrecipients AS recipients
    ON mails.eventtype = recipients.eventtype
    AND mails.mailmessageid = recipients.messageid
