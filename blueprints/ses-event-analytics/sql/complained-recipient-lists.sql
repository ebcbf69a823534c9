SELECT
    eventtype,
    mail.messageid AS messageid,
    complaint.complainedrecipients AS recipients
FROM sesmaster
WHERE eventtype = 'Complaint'
