"""What counts as personal data, and what only looks like it. All data here are made up."""

import re

import polars as pl
import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector

from tasks.clean import personal_data
from tasks.clean.personal_data import find_in_all, find_personal_data

HEX32 = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
TOKEN40 = "Ab3dEf7hIj1kLm5nOp9qRs2tUv6wXy0zAb4cEf8g"

EMAILS = {
    "plain": "write to jane.doe@example.com about it",
    "plus": "jane+news@mail.example.co.uk",
    "angle": "From: Jane <jane_doe@example.org>",
    "mailto": "[me](mailto:jane-doe@example.net)",
    "end of sentence": "Ask jane@example.io.",
    "digits": "12345@example.museum",
    "upper": "JANE@EXAMPLE.COM",
    "url password": "postgres://admin:hunter2@db.example.com:5432/x",
    "unicode": "jürgen@müller.example.de",
}
PHONES = {
    "international": "call +44 20 7946 0958 now",
    "international, run together": "call +14155552671 now",
    "international, brackets": "call +380 (44) 364 55 85 now",
    "no-break spaces": "[13/10/22, 5:21] \u202a+91\u00a098765\u00a043210\u202c: hello",
    "dashes": "call 415-555-2671 now",
    "dots": "call 415.555.2671 now",
    "spaces": "call 415 555 2671 now",
    "brackets": "call (415) 555-2671 now",
    "brackets, tight": "call (415)555-2671.",
    "trunk": "call 1-800-375-5283.",
    "several": "415-555-2671, 415-555-2672",
}
SECRETS = {
    "AWS Access Key": "key AKIA" + "IOSFODNN7EXAMPLE here",
    "AWS Access Key ": f"aws_secret_access_key = '{TOKEN40}'",
    "Azure Storage Account access key": "AccountKey=" + "Ab3/" * 22,
    "Discord Bot Token": "MTA3NTIyMzgyNDg2MzMzMDM4" + ".G3Z3eL." + "CRAjmilw0j5TT0gPonyE8b1debN",
    "GitHub Token": "ghp_" + TOKEN40[:36],
    "GitHub Fine-grained Token": "github_pat_" + TOKEN40 + TOKEN40,
    "GitLab Token": "glpat-" + TOKEN40[:20],
    "JSON Web Token": "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r",
    "Mailchimp Access Key": HEX32 + "-us12",
    "OpenAI Token": "sk-" + TOKEN40[:20] + "T3BlbkFJ" + TOKEN40[:20],
    "Model provider key": "sk-ant-" + TOKEN40,
    "Model provider key ": "AIza" + TOKEN40[:35],
    "Model provider key  ": "hf_" + TOKEN40[:34],
    "Private Key": "-----BEGIN RSA PRIVATE KEY-----",
    "Private Key ": "-----BEGIN PRIVATE KEY-----",
    "Private Key  ": "-----BEGIN ENCRYPTED PRIVATE KEY-----",
    "SendGrid API Key": "SG." + TOKEN40[:22] + "." + TOKEN40 + "abc",
    "Slack Token": "xoxb-123456789012-" + TOKEN40[:24].lower(),
    "Slack Token ": "https://hooks.slack.com/services/T0/B0/x",
    "Square OAuth Secret": "sq0csp-" + TOKEN40 + "abc",
    "Stripe Access Key": "sk_live_" + TOKEN40[:24],
    "Telegram Bot Token": "123456789:" + TOKEN40[:35],
    "Twilio API Key": "AC" + HEX32,
}
HARMLESS = {
    "decorator": "class A:\n    @property\n    def x(self): ...\n    @x.setter\n    def x(self, v): ...",
    "decorator with arguments": "@app.route('/users/<int:id>')\ndef user(id): return db[id]",
    "matrix product": "out = (weights@x.reshape(3, -1)) + A@B",
    "package version": "yarn add lodash@4.17.21 react@18.2.0",
    "handle": "follow @some.body on it, or @example",
    "CSS": "@media screen and (max-width: 600px) { .a { margin: -10px } }",
    "version numbers": "upgrade from 1.20.3045 to 10.0.19045.3803 (build 22621.2715)",
    "maths": "What is 415 - 555 - 2671 + 3.14159265358979 * 2^10 - 1,234,567.89?",
    "sum": "415+5552671=? and x=+31415926535",
    "negative numbers": "-120 -1 25 -93 98 2147483647",
    "list": "sort 310 420 5000 212 555 1234 99 415 555 2671 3",
    "list with commas": "[212, 555, 1234, 415, 555, 2671]",
    "matrix": "1 0 0 212\n0 1 0 555\n0 0 1 1234\n",
    "floats": "734 512.08508 466.231637 448.2928643 458.621837 412.439787",
    "integer limits": "range from -2147483648 to +2147483647. Stored bytes: 4",
    "dates": "2024-03-01 2023/12/31 31.12.1999 20240301 12:30:45 1999-2004",
    "timestamp": "1699999999 and 2024-03-01T12:30:45+02:00 and 1699999999999",
    "ISBN": "ISBN 978-0-13-110362-7, 0-306-40615-2, 9780131103627",
    "IP addresses": "from 192.168.0.1 to 10.255.255.254 port 8080, mask 255.255.255.0",
    "prices": "$1,299.99 or 415.555,26 EUR; 1 299 000 roubles",
    "regulation": "www.example.gov/dfars/252.204-7021-maturity",
    "card-like": "part 4111-1111-1111-1111 or 123-45-6789",
    "file listing": "-rw-r--r-- 1 user user 13034651232 Feb 10 05:25 dump.gz",
    "placeholders": "call 123-456-7890 or 555-555-5555",
    "long camel case": "const publicKey = privateKeyJwk.toPublicKeyRepresentation();",
    "DNA": "primer ACCAGGTTACGTACGTACGT binds",
    "hash": "commit 0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
    "UUID": "123e4567-e89b-12d3-a456-426614174000",
    "slug": "risk-management-and-compliance-in-practice-2024",
    "environment": "OPENAI_API_KEY=sk-... export AWS_ACCESS_KEY_ID=$KEY",
    "rule": "-" * 80 + "\n" + "=" * 80,
}


@pytest.mark.parametrize("text", EMAILS.values(), ids=EMAILS.keys())
def test_an_email_address_is_found(text: str):
    assert find_personal_data(text) == "email"


@pytest.mark.parametrize("text", PHONES.values(), ids=PHONES.keys())
def test_a_phone_number_is_found(text: str):
    assert find_personal_data(text) == "phone"


@pytest.mark.parametrize(("kind", "text"), SECRETS.items())
def test_a_secret_is_found_and_named(kind: str, text: str):
    assert find_personal_data(f"Why does this fail?\n{text}") == f"secret:{kind.strip()}"


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_only_looks_like_it_is_left_alone(text: str):
    assert find_personal_data(text) is None


def test_the_kinds_of_token_with_an_example_are_asked_for():
    detectors = get_mapping_from_secret_type_to_class()
    formats = {kind for kind, detector in detectors.items() if issubclass(detector, RegexBasedDetector)}
    asked = formats - personal_data._UNSPECIFIC | set(personal_data._OUR_TOKENS)
    assert {kind.strip() for kind in SECRETS} <= asked
    assert len(asked) - len({kind.strip() for kind in SECRETS}) == 2  # the tokens of two package registries


def test_of_several_data_the_first_kind_is_given():
    assert find_personal_data("jane@example.com, 415-555-2671") == "email"
    assert find_personal_data("415-555-2671, -----BEGIN PRIVATE KEY-----") == "secret:Private Key"


def test_the_datum_is_never_in_the_kind():
    for text in (*EMAILS.values(), *PHONES.values(), *SECRETS.values()):
        kind = find_personal_data(text)
        assert kind is not None
        assert not [word for word in re.findall(r"[\w@.+-]*[\d@][\w@.+-]*", text) if word in kind]


def test_a_column_is_judged_text_by_text():
    texts = [*HARMLESS.values(), *EMAILS.values(), *PHONES.values(), *SECRETS.values(), ""]
    assert find_in_all(pl.Series(texts)).to_list() == [find_personal_data(text) for text in texts]
    assert find_in_all(pl.Series([], dtype=pl.String)).to_list() == []
