-- By day, so that the serving layer can leave out the days that the batch layer has. A trip over midnight is two.
CREATE VIEW public.speedlayer_total_miles_by_year AS
SELECT
    EXTRACT(year FROM measured_on)::int AS year,
    measured_on,
    SUM(miles) AS total_miles
FROM (
    SELECT vin, trip_id, CAST(measuretime AS date) AS measured_on, MAX(odometer) - MIN(odometer) AS miles
    FROM public.vehicleiotstream_mv
    GROUP BY vin, trip_id, CAST(measuretime AS date)
) AS trips
GROUP BY EXTRACT(year FROM measured_on)::int, measured_on
WITH NO SCHEMA BINDING
