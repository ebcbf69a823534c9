SELECT
    eventtype,
    mail.messageid AS messageid,
    bounce.bouncedrecipients AS recipients
FROM sesmaster
WHERE eventtype = 'Bounce'
