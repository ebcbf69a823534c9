SELECT
    eventtype,
    mail.messageid AS messageid,
    mail.commonheaders."to" AS recipients
FROM sesmaster
WHERE eventtype = 'Send'
