-- Makes the batch view anew, of all days that are over, and moves its watermark in the same transaction.
CREATE OR REPLACE PROCEDURE public.total_miles_driven_by_year_sp()
AS $$
DECLARE
    today date := CAST(GETDATE() AS date);
BEGIN
    DELETE FROM public.batchlayer_total_miles_by_year;
    INSERT INTO public.batchlayer_total_miles_by_year
    SELECT EXTRACT(year FROM measured_on)::int, SUM(miles)
    FROM (
        SELECT vin, trip_id, CAST(measuretime::timestamp AS date) AS measured_on, MAX(odometer) - MIN(odometer) AS miles
        FROM history.vehicle_telematics_raw
        WHERE CAST(measuretime::timestamp AS date) < today
        GROUP BY vin, trip_id, CAST(measuretime::timestamp AS date)
    ) AS trips
    GROUP BY EXTRACT(year FROM measured_on)::int;
    DELETE FROM public.batchlayer_watermark WHERE layer = 'total_miles';
    INSERT INTO public.batchlayer_watermark VALUES ('total_miles', today);
END;
$$ LANGUAGE plpgsql
