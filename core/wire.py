"""The pipe between client and worker: MessagePack messages, never pickles, on descriptors of their own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection, Pipe

import msgspec

from .events import AnyEvent
from .requests import AnyRequest

_requests = msgspec.msgpack.Decoder(AnyRequest)
_events = msgspec.msgpack.Decoder(AnyEvent)
_encoder = msgspec.msgpack.Encoder()


def send(connection: "Connection", message: AnyRequest | AnyEvent) -> None:
    """Send one message; raises OSError where the other side is gone."""
    connection.send_bytes(_encoder.encode(message))


def receive_request(connection: "Connection") -> AnyRequest:
    """Wait for a request; raises EOFError or OSError where the client is gone."""
    request: AnyRequest = _requests.decode(connection.recv_bytes())
    return request


def receive_event(connection: "Connection") -> AnyEvent:
    """Wait for an event; raises EOFError or OSError where the worker is gone."""
    event: AnyEvent = _events.decode(connection.recv_bytes())
    return event


def start_with_pipe(arguments: Sequence[str], **options: object) -> "tuple[subprocess.Popen[bytes], Connection]":
    """Start a process that is handed the other end of a new pipe; its number is appended to the arguments.

    On Windows the number is an inheritable handle, elsewhere a descriptor.
    """
    ours, theirs = Pipe(duplex=True)
    number = theirs.fileno()
    if sys.platform == "win32":
        os.set_handle_inheritable(number, True)
        startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [number]})
        options |= {"startupinfo": startup, "close_fds": True}
    else:
        options |= {"pass_fds": [number]}
    try:
        process = subprocess.Popen([*arguments, str(number)], **options)  # type: ignore[call-overload]
    finally:
        theirs.close()
    return process, ours


def connection_from(number: str) -> "Connection":
    """Open the end of the pipe whose number the process was started with."""
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection

        return PipeConnection(int(number))
    os.set_inheritable(int(number), False)
    return Connection(int(number))
