import subprocess

import pytest

from harness.curl import curl_line
from harness.model import Exchange
from harness.network import Network
from harness.redaction import REDACTED


def words(exchange: Exchange, ca_file: str | None = None) -> list[str]:
    """The arguments that a real shell hands to curl."""
    script = (
        f"curl() {{ printf '%s\\0' curl \"$@\"; }}\n{curl_line(exchange, Network(ca_file=ca_file))}"
    )
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, check=True, env={"TOKEN": "t0ken"}, text=True
    )
    return done.stdout.split("\0")[:-1]


def test_a_plain_get_is_short() -> None:
    exchange = Exchange(method="GET", url="http://a/x", request_headers=(("host", "a"),))
    assert curl_line(exchange) == "curl -sS -i http://a/x"


def test_what_was_redacted_is_a_variable_that_the_shell_fills_in() -> None:
    headers = (("authorization", f"Bearer {REDACTED}"),)
    line = curl_line(Exchange(method="GET", url="http://a", request_headers=headers))
    assert '-H "authorization: Bearer $TOKEN"' in line


def test_nothing_that_a_request_holds_is_run_by_the_shell() -> None:
    evil = "'; rm -rf $(HOME) `id` \"\\"
    exchange = Exchange(
        method="POST",
        url=f"http://a/{evil}",
        request_headers=(("x-a", evil), ("cookie", f"{evil}{REDACTED}")),
        request_body=evil,
    )
    split = words(exchange)
    assert f"x-a: {evil}" in split
    assert f"cookie: {evil}t0ken" in split
    assert evil == split[split.index("--data-raw") + 1]
    assert f"http://a/{evil}" == split[-1]


def test_the_environments_certificate_is_trusted_and_checks_are_never_turned_off() -> None:
    split = words(Exchange(method="GET", url="https://a"), "/some where/ca.pem")
    assert split[split.index("--cacert") + 1] == "/some where/ca.pem"
    assert "-k" not in split


def test_a_host_that_is_reached_elsewhere_is_reached_there_by_curl_too() -> None:
    network = Network(
        connect={
            ("site.test", 443): ("127.0.0.1", 443),
            ("api.test", 443): ("127.0.0.1", 8443),
            ("six.test", 80): ("::1", 80),
        }
    )
    lines = {
        url: curl_line(Exchange(method="GET", url=url), network)
        for url in (
            "https://site.test/x",
            "https://api.test",
            "http://six.test",
            "http://site.test",
        )
    }
    assert "--resolve site.test:443:127.0.0.1 " in lines["https://site.test/x"]
    assert "--connect-to api.test:443:127.0.0.1:8443 " in lines["https://api.test"]
    assert "--resolve 'six.test:80:[::1]' " in lines["http://six.test"]
    assert lines["http://site.test"] == "curl -sS -i http://site.test"


def test_a_forged_host_is_repeated_and_the_own_one_is_not() -> None:
    own, forged = (
        curl_line(Exchange(method="GET", url="http://a:81/x", request_headers=(("Host", host),)))
        for host in ("a:81", "b")
    )
    assert ("curl -sS -i http://a:81/x", "curl -sS -i -H 'Host: b' http://a:81/x") == (own, forged)


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        (
            "DNS",
            "dns:a.test?type=AAAA",
            "dig +noall +answer +comments @127.0.0.1 -p 53 a.test AAAA",
        ),
        ("TCP", "tcp://a.test:80", "nc -vz a.test 80"),
        ("TLS", "tls://a.test:1", "openssl s_client -connect '[::1]:2' -servername a.test"),
    ],
)
def test_what_is_no_http_is_repeated_with_a_tool_of_its_own(
    method: str, url: str, expected: str
) -> None:
    network = Network({("a.test", 1): ("::1", 2)}, ("127.0.0.1", 53))
    assert expected == curl_line(Exchange(method=method, url=url), network)
