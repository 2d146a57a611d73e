"""The eight data centres of Zoho Books: the name of the path prefix, the accounts host and the API host of each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """One data centre. Nothing of one is known in another: no code, no token, no organisation."""

    location: str
    accounts_server: str
    api_domain: str


PLACES = {
    place.location: place
    for place in (
        Place("us", "https://accounts.zoho.com", "https://www.zohoapis.com"),
        Place("eu", "https://accounts.zoho.eu", "https://www.zohoapis.eu"),
        Place("in", "https://accounts.zoho.in", "https://www.zohoapis.in"),
        Place("au", "https://accounts.zoho.com.au", "https://www.zohoapis.com.au"),
        Place("jp", "https://accounts.zoho.jp", "https://www.zohoapis.jp"),
        Place("ca", "https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
        Place("cn", "https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn"),
        Place("sa", "https://accounts.zoho.sa", "https://www.zohoapis.sa"),
    )
}
