from amounts import total


def handler(event, context):
    return total(event)
