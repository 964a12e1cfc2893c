"""An empty ASGI callable on the same server with the same settings: what there is to reach."""

from gonghui.config.launcher import serve

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]}
BODY = {"type": "http.response.body", "body": b"hello"}


async def application(scope, receive, send):
    if scope["type"] == "http":
        await send(START)
        await send(BODY)


if __name__ == "__main__":
    serve.APPLICATION = "benchmarks.hello:application"
    serve.main()
