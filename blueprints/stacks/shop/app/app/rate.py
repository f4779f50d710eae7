"""What a euro costs today, from the one place outside that this service may ask."""

import re
import urllib.error
import urllib.request

TIMEOUT_S = 3
# The whole document has 2 KiB; nobody outside makes this process read more than that a few times over.
MOST_BYTES = 65536


class RateUnavailable(Exception):
    """In the words of whoever complained."""


def fetch_rate(url):
    """The day, and US dollars for one euro."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            text = answer.read(MOST_BYTES).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        raise RateUnavailable(f"it answered {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise RateUnavailable(str(error.reason)) from error
    except OSError as error:
        raise RateUnavailable(str(error)) from error
    day = re.search(r"time=['\"]([0-9-]+)['\"]", text)
    rate = re.search(r"currency=['\"]USD['\"] rate=['\"]([0-9.]+)['\"]", text)
    if not day or not rate:
        raise RateUnavailable("its answer holds no rate")
    return {"day": day[1], "usd": float(rate[1])}
