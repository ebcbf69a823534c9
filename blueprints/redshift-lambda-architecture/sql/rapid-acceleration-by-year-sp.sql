-- Makes the batch view anew, of all days that are over, and moves its watermark in the same transaction.
CREATE OR REPLACE PROCEDURE public.rapid_acceleration_by_year_sp()
AS $$
DECLARE
    today date := CAST(GETDATE() AS date);
BEGIN
    DELETE FROM public.batchlayer_rapid_acceleration_by_year;
    INSERT INTO public.batchlayer_rapid_acceleration_by_year
    SELECT vin, EXTRACT(year FROM measuretime::timestamp)::int, COUNT(*)
    FROM history.vehicle_telematics_raw
    WHERE acceleration > 2.5 AND CAST(measuretime::timestamp AS date) < today
    GROUP BY vin, EXTRACT(year FROM measuretime::timestamp)::int;
    DELETE FROM public.batchlayer_watermark WHERE layer = 'rapid_acceleration';
    INSERT INTO public.batchlayer_watermark VALUES ('rapid_acceleration', today);
END;
$$ LANGUAGE plpgsql
