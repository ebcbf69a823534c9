"""Lets schedules be due when a test says so: `POST /_formwork/due` fires each one that is on, as if its time had come."""

from ministack.services import scheduler

PATH = "/_formwork/due"


def in_front_of(app):
    async def answering(scope, receive, send):
        if scope["type"] != "http" or scope["path"] != PATH:
            await app(scope, receive, send)
            return
        # As if each had been there since 1970, and had never been fired.
        scheduler._schedule_last_fired.update(dict.fromkeys(scheduler._schedules._data, 0))
        scheduler._tick_schedules()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return answering
