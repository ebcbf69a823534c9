SELECT
    mails.eventtype,
    mails.mailmessageid,
    mails.mailtimestamp,
    mails.mailsource,
    mails.mailsubject,
    mails.complaintfeedbacktype,
    mails.complainttimestamp,
    recipients.emailaddress
FROM vwsesmaster AS mails
JOIN vwcomplainedrecipients AS recipients
    ON mails.eventtype = recipients.eventtype
    AND mails.mailmessageid = recipients.messageid
