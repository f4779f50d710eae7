"""Visits, counted in PostgreSQL, through a small pool of connections that outlives an absence of the database."""

import threading
import time

import psycopg2

PASSWORD_FILE = "/run/secrets/db-password"
CONNECTIONS = 4
# How long a request waits for a database that is being replaced, and for a connection of the pool.
PATIENCE_S = 5
PAUSE_S = 0.1

CONNECTION_SETTINGS = {
    "dbname": "shop",
    "user": "app",
    # Between two ISCs of one machine: what they say leaves no wire of it.
    "sslmode": "disable",
    "gssencmode": "disable",
    "connect_timeout": 2,
    "options": "-c statement_timeout=3000",
    # A database that is gone may not say good-bye: unanswered data ends the connection after 2 s, silence after 8 s.
    "tcp_user_timeout": 2000,
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}

ADD_VISIT = """
    insert into visits (instance, count) values (%s, 1)
    on conflict (instance) do update set count = visits.count + 1
    returning count
"""


class DatabaseUnavailable(Exception):
    """In the words of whoever complained."""


class Visits:
    def __init__(self, host, instance):
        self.instance = instance
        self._host = host
        self._slots = threading.BoundedSemaphore(CONNECTIONS)
        self._idle = []

    def add(self):
        """Counts one more; answers how many this instance has had, and all together. Repeated after a cut, it may count twice."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            if not self._slots.acquire(timeout=max(0, deadline - time.monotonic())):
                raise DatabaseUnavailable("all connections are in use")
            try:
                return self._add_once()
            except (psycopg2.OperationalError, psycopg2.InterfaceError, OSError) as error:
                if time.monotonic() + PAUSE_S >= deadline:
                    raise DatabaseUnavailable(" ".join(str(error).split())) from error
            finally:
                self._slots.release()
            time.sleep(PAUSE_S)

    def _add_once(self):
        connection = self._take()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(ADD_VISIT, (self.instance,))
                (here,) = cursor.fetchone()
                cursor.execute("select sum(count)::bigint from visits")
                (everywhere,) = cursor.fetchone()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return here, everywhere

    def _take(self):
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self):
        with open(PASSWORD_FILE, encoding="utf-8") as file:
            password = file.read().rstrip("\n")
        return psycopg2.connect(host=self._host, password=password, application_name=self.instance, **CONNECTION_SETTINGS)
