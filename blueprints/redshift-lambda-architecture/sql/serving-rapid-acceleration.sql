-- The batch layer has the days before the watermark, the speed layer those from it on: none is counted twice.
CREATE VIEW public.rapid_acceleration_by_year AS
SELECT vin, year, SUM(rapid_accelerations) AS rapid_accelerations
FROM (
    SELECT vin, year, rapid_accelerations
    FROM public.batchlayer_rapid_acceleration_by_year
    UNION ALL
    SELECT vin, year, rapid_accelerations
    FROM vehicleiot_shareddb.public.speedlayer_rapid_acceleration_by_year
    WHERE measured_on >= COALESCE(
        (SELECT MAX(up_to) FROM public.batchlayer_watermark WHERE layer = 'rapid_acceleration'), '1970-01-01'::date)
) AS layers
GROUP BY vin, year
WITH NO SCHEMA BINDING
