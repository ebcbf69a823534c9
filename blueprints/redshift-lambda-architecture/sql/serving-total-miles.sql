-- The batch layer has the days before the watermark, the speed layer those from it on: none is counted twice.
CREATE VIEW public.total_miles_by_year AS
SELECT year, SUM(total_miles) AS total_miles
FROM (
    SELECT year, total_miles
    FROM public.batchlayer_total_miles_by_year
    UNION ALL
    SELECT year, total_miles
    FROM vehicleiot_shareddb.public.speedlayer_total_miles_by_year
    WHERE measured_on >= COALESCE(
        (SELECT MAX(up_to) FROM public.batchlayer_watermark WHERE layer = 'total_miles'), '1970-01-01'::date)
) AS layers
GROUP BY year
WITH NO SCHEMA BINDING
