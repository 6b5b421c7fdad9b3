#!/usr/bin/python3
"""An OpenID Connect provider for tests, by Authlib: anybody signs in as whoever they say they are.

Prints {"issuer": "http://127.0.0.1:…"} when it is ready. Knows the client `shop` with the secret `0penSesame-7`. GET /authorize
checks the request as the standard wants it; POST /authorize with the form field `claims` (JSON, with `sub`) signs in, without it
denies. POST /rotate takes new keys. POST /issue signs the claims of its JSON body {claims, alg} as they are, beside iss and exp.
"""

import json
import os
import secrets
import threading
import time

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.jose import JsonWebKey, jwt
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core import grants as oidc
from flask import Flask, jsonify, request
from werkzeug.serving import make_server

app = Flask(__name__)
codes, keys, issuer = {}, [], ""


class Client(ClientMixin):
    def get_client_id(self):
        return "shop"

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri.endswith("/sso/idp/callback")

    def check_client_secret(self, client_secret):
        return client_secret == "0penSesame-7"

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


class Code(AuthorizationCodeMixin):
    def __init__(self, asked, user):
        self.redirect_uri, self.scope, self.nonce, self.user = asked.redirect_uri, asked.scope, asked.data.get("nonce"), user
        self.code_challenge, self.code_challenge_method = asked.data.get("code_challenge"), asked.data.get("code_challenge_method")
        self.made = time.time()

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return int(self.made)


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]

    def save_authorization_code(self, code, request):
        codes[code] = Code(request, request.user)

    def query_authorization_code(self, code, client):
        return codes.get(code)

    def delete_authorization_code(self, authorization_code):
        for code in [c for c, kept in codes.items() if kept is authorization_code]:
            del codes[code]

    def authenticate_user(self, authorization_code):
        return authorization_code.user


class OpenId(oidc.OpenIDCode):
    def exists_nonce(self, nonce, request):
        return False

    def get_jwt_config(self, grant):
        return {"key": keys[-1].as_dict(is_private=True), "alg": "RS256", "iss": issuer, "exp": 3600}

    def generate_user_info(self, user, scope):
        return UserInfo(user)


server = AuthorizationServer(app, query_client=lambda id: Client() if id == "shop" else None, save_token=lambda token, request: None)
server.register_grant(CodeGrant, [OpenId(require_nonce=True), CodeChallenge(required=True)])


@app.get("/.well-known/openid-configuration")
def describe():
    return jsonify(issuer=issuer, authorization_endpoint=issuer + "/authorize", token_endpoint=issuer + "/token", jwks_uri=issuer + "/jwks")


@app.get("/jwks")
def tell_keys():
    return jsonify(keys=[{**key.as_dict(is_private=False), "use": "sig"} for key in keys])


@app.get("/authorize")
def ask():
    try:
        server.get_consent_grant(end_user=None)
    except OAuth2Error as error:
        return error.error, 400
    return "Who are you?"


@app.post("/authorize")
def sign_in():
    claims = request.form.get("claims")
    return server.create_authorization_response(grant_user=json.loads(claims) if claims else None)


@app.post("/token")
def give_token():
    return server.create_token_response()


@app.post("/rotate")
def rotate():
    kinds = [("EC", "P-256"), ("RSA", 2048)]
    keys[:] = [JsonWebKey.generate_key(kind, size, options={"kid": secrets.token_hex(8)}, is_private=True) for kind, size in kinds]
    return jsonify({})


@app.post("/issue")
def issue():
    asked = request.get_json()
    algorithm = asked.get("alg", "RS256")
    key = keys[0] if algorithm == "ES256" else keys[-1]
    claims = {"iss": issuer, "exp": int(time.time()) + 3600, **asked["claims"]}
    return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key)


if __name__ == "__main__":
    with app.app_context():
        rotate()
    web = make_server("127.0.0.1", 0, app, threaded=True)
    issuer = f"http://127.0.0.1:{web.port}"
    print(json.dumps({"issuer": issuer}), flush=True)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    threading.Event().wait()
