"""The pipe between client and worker: MessagePack messages, never pickles."""

from multiprocessing.connection import Connection

import msgspec

from .events import AnyEvent
from .requests import AnyRequest

_requests = msgspec.msgpack.Decoder(AnyRequest)
_events = msgspec.msgpack.Decoder(AnyEvent)
_encoder = msgspec.msgpack.Encoder()


def send(connection: Connection, message: AnyRequest | AnyEvent) -> None:
    """Send one message; raises OSError where the other side is gone."""
    connection.send_bytes(_encoder.encode(message))


def receive_request(connection: Connection) -> AnyRequest:
    """Wait for a request; raises EOFError or OSError where the client is gone."""
    request: AnyRequest = _requests.decode(connection.recv_bytes())
    return request


def receive_event(connection: Connection) -> AnyEvent:
    """Wait for an event; raises EOFError or OSError where the worker is gone."""
    event: AnyEvent = _events.decode(connection.recv_bytes())
    return event
