SELECT * FROM 'plant/+/readings'
