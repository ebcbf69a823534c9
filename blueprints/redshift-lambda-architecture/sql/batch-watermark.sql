-- Up to which day, without it, each batch view is made. All later days are the speed layer's.
CREATE TABLE IF NOT EXISTS public.batchlayer_watermark (
    layer varchar(64) NOT NULL,
    up_to date NOT NULL
)
