def total(event):
    return sum(event["amounts"])
