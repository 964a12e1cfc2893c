"""Every door, tried by each of the cast, against one table of expected answers; what was refused changed nothing.

    P province admin · C city admin · S sister city's admin · F finance officer · K store clerk
    J juror · M verified member · U unverified member · X signed in, no member · A anonymous

A number is the status; 302 from anonymous is the way to sign-in.
"""

import re

import pytest
from django.db import transaction
from django.urls import get_resolver

from tests.walk import KEY, fingerprint, knock, rows_written

pytestmark = pytest.mark.django_db  # `played` alone does not make pytest-django switch to the test database

WHO = {
    "P": "province_admin", "C": "city_admin", "S": "sister_admin", "F": "finance_officer", "K": "clerk",
    "J": "judge", "M": "mei", "U": "hua", "X": "stranger", "A": "anonymous",
}  # fmt: skip
STAMP = {"key": str(KEY)}
# What is sent along, by the word in the table's third column.
BODIES = {
    "none": None,
    "empty": {},
    "seats": {"seats": 1},
    "claim": {**STAMP, "seats": 1, "wait": True},
    "rating": {"score": 5, "comment": ""},
    "verify": {"name": "王五", "id_no": "440101199003070122", "consent": True},
    "phone": {"phone": "13800000123"},
    "phonecode": {"phone": "13800000123", "code": "000000"},
    "form": {**STAMP, "pool": "{pool}", "seats": 1},
    "entry": {"pool": "{lots_pool}", "seats": 1},
    "look": {"text": "{code}"},
    "redeem": {**STAMP, "text": "{code}"},
    "apiproof": {"ticket": "x", "tail": "0000"},
    "apinotme": {"ticket": "x"},
    "apilook": {"store_id": "{store}", "text": "{code}"},
    "apiquote": {"store_id": "{store}", "lines": [{"name": "茶", "price_fen": 100}]},
    "apisale": {**STAMP, "store_id": "{store}", "lines": [{"name": "茶", "price_fen": 100}]},
    "apirefund": {**STAMP, "lines": [{"line_id": 1, "quantity": 1}], "reason": "退货"},
    "apiplace": {"package_id": 999999999},
    "apislot": {"slot_id": 999999999},
    "apibasket": {"lines": [{"product_id": "{product}", "quantity": 1}]},
    "apiorder": {
        **STAMP,
        "lines": [{"product_id": "{product}", "quantity": 1}],
        "shown_due_fen": 4500,
        "receiver": "陈小梅",
        "phone": "13800000001",
        "address": "滨江路 8 号",
    },
    "apiwhy": {"reason": "坏了"},
    "apisent": {"sent_no": "YT9"},
    "apitotal": {"total_fen": 1},
    "apicompl": {**STAMP, "kind": "quality", "wanted": "refund", "line_ids": [1], "words": "坏了"},
    "apiline": {"line_id": 1, "reason": "少算"},
    "apijoin": {"union_id": 999999999, "name": "王五", "id_no": "440101199003070122", "consent": True},
    "apitransfer": {**STAMP, "to_union_id": 999999999},
    "apiaim": {"to_union_id": 999999999},
    "apiredeem": {**STAMP, "store_id": "{store}", "text": "{code}"},
}
# A refusal that leaves its own record: each try at the real-name check counts against the day's three.
COUNTED = {"POST /api/v1/me/verification"}

#                                                               P   C   S   F   K   J   M   U   X   A
TABLE = """
GET    /                                              none      200 200 200 200 200 200 200 200 200 200
GET    /offline                                       none      200 200 200 200 200 200 200 200 200 200
GET    /sw.js                                         none      200 200 200 200 200 200 200 200 200 200
GET    /healthz                                       none      200 200 200 200 200 200 200 200 200 200
GET    /readyz                                        none      200 200 200 200 200 200 200 200 200 200
GET    /metrics                                       none      200 200 200 200 200 200 200 200 200 200
GET    /activities                                    none      200 200 200 200 200 200 200 200 200 200
GET    /activities/{activity}                         none      200 200 200 200 200 200 200 200 200 200
GET    /activities/{draft}                            none      404 404 404 404 404 404 404 404 404 404
GET    /activities/{activity}/opinions                none      200 200 200 200 200 200 200 200 200 200
POST   /activities/{activity}/read                    empty     204 204 204 204 204 204 204 204 204 204
POST   /activities/{activity}/like                    empty     302 302 302 302 302 302 302 302 302 401
GET    /activities/{activity}/rate                    none      302 302 302 302 302 302 302 302 302 302
GET    /releases/{release}                            none      302 302 302 302 302 302 302 302 302 302
POST   /releases/{release}/reminder                   empty     403 403 403 403 403 403 409 409 403 401
GET    /r/{release}                                   none      200 200 200 200 200 200 200 200 200 200
GET    /s/{store}/screen                              none      200 200 200 200 200 200 200 200 200 200
GET    /claims/{release}                              none      200 200 200 200 200 200 200 200 200 302
POST   /claims/{release}                              form      403 403 403 403 403 403 200 403 403 401
GET    /me/pass/{pool}                                none      403 403 403 403 403 403 409 403 403 403
GET    /me/party/{release}                            none      200 200 200 200 200 200 200 200 200 200
POST   /me/party/{release}                            empty     422 422 422 422 422 422 422 422 422 422
GET    /draws/{lots}/document.json                    none      200 200 200 200 200 200 200 200 200 200
GET    /draws/{lots}/{lots_pool}/document.json        none      200 200 200 200 200 200 200 200 200 200
GET    /draws/{lots}/enter                            none      200 200 200 200 200 200 200 200 200 302
POST   /draws/{lots}/enter                            entry     401 401 401 401 401 401 409 403 401 401
POST   /draws/{lots}/leave                            entry     401 401 401 401 401 401 409 409 401 401
GET    /tickets                                       none      200 200 200 200 200 200 200 200 200 302
GET    /tickets/{code}                                none      404 404 404 404 404 404 200 404 404 302
POST   /tickets/{code}/confirm                        empty     404 404 404 404 404 404 302 404 404 401
POST   /tickets/{code}/return                         empty     404 404 404 404 404 404 302 404 404 401
GET    /tickets/{code}/rate                           none      404 404 404 404 404 404 403 404 404 302
POST   /tickets/{code}/rate                           rating    404 404 404 404 404 404 403 404 404 401
POST   /tickets/waiting/{pool}/leave                  empty     409 409 409 409 409 409 409 409 409 401
GET    /sign-in                                       none      302 302 302 302 302 302 302 302 302 200
GET    /sign-in/proof                                 none      302 302 302 302 302 302 302 302 302 302
POST   /sign-in/not-me                                empty     401 401 401 401 401 401 401 401 401 401
GET    /privacy                                       none      200 200 200 200 200 200 200 200 200 200
GET    /me                                            none      200 200 200 200 200 200 200 200 200 200
GET    /me/verify                                     none      200 200 200 200 200 200 200 200 200 302
GET    /me/data                                       none      200 200 200 200 200 200 200 200 200 302
GET    /me/data/download.json                         none      405 405 405 405 405 405 405 405 405 405
GET    /me/data/correct                               none      200 200 200 200 200 200 200 200 200 302
POST   /me/data/correct                               empty     409 409 409 409 409 409 422 422 409 401
POST   /me/data/correct/back                          empty     409 409 409 409 409 409 409 409 409 401
GET    /me/data/farewell                              none      200 200 200 200 200 200 200 200 200 302
POST   /me/data/farewell                              empty     409 409 409 409 409 409 409 200 200 401
POST   /me/data/farewell/back                         empty     409 409 409 409 409 409 409 409 409 401
GET    /me/phone                                      none      200 200 200 200 200 200 200 200 200 302
GET    /me/consents                                   none      200 200 200 200 200 200 200 200 200 302
POST   /me/consents/messages/give                     empty     302 302 302 302 302 302 302 302 302 401
GET    /me/devices                                    none      200 200 200 200 200 200 200 200 200 302
POST   /me/devices/end                                empty     302 302 302 302 302 302 302 302 302 401
POST   /me/devices/1/end                              empty     404 404 404 404 404 404 404 404 404 401
GET    /ledger/blocks                                 none      200 200 200 200 200 200 200 200 200 200
GET    /decisions                                     none      200 200 200 200 200 200 200 200 200 200
GET    /ledger/blocks.json                            none      200 200 200 200 200 200 200 200 200 200
GET    /ledger/days                                   none      200 200 200 200 200 200 200 200 200 200
GET    /ledger/days.json                              none      200 200 200 200 200 200 200 200 200 200
GET    /me/membership                                 none      200 200 200 200 200 200 200 200 200 302
GET    /me/membership/transfer                        none      200 200 200 200 200 200 200 200 200 302
POST   /me/membership/transfer                        empty     403 403 403 403 403 403 422 403 403 401
POST   /me/membership/transfer/cancel                 empty     409 409 409 409 409 409 409 409 409 401
GET    /me/card                                       none      302 302 302 302 302 302 200 200 302 302
GET    /me/points                                     none      200 200 200 200 200 200 200 200 200 302
GET    /me/points/{key}                               none      404 404 404 404 404 404 404 404 404 302
GET    /me/points/{key}/proof.json                    none      404 404 404 404 404 404 404 404 404 302
GET    /me/points/{key}/totals                        none      404 404 404 404 404 404 404 404 404 302
GET    /me/points/{key}/totals.json                   none      404 404 404 404 404 404 404 404 404 302
GET    /offers                                        none      200 200 200 200 200 200 200 200 200 200
GET    /offers/quote                                  none      200 200 200 200 200 200 200 200 200 200
GET    /offers/999999999                              none      404 404 404 404 404 404 404 404 404 404
GET    /map                                           none      200 200 200 200 200 200 200 200 200 200
GET    /map/pins.json                                 none      200 200 200 200 200 200 200 200 200 200
GET    /map/stores/999999999                          none      404 404 404 404 404 404 404 404 404 404
GET    /me/wechat-coupons                             none      200 200 200 200 200 200 200 200 200 302
POST   /me/wechat-coupons/999999999/claim             empty     403 403 403 403 403 403 404 403 403 401
GET    /me/pay                                        none      200 200 200 200 200 200 200 200 200 302
GET    /me/pay/next                                   none      403 403 403 403 403 403 200 200 403 302
POST   /me/pay/renew                                  empty     403 403 403 403 403 403 302 302 403 401
GET    /me/bills                                      none      200 200 200 200 200 200 200 200 200 302
GET    /me/bills/999999999                            none      404 404 404 404 404 404 404 404 404 302
GET    /me/bills/999999999/state                      none      404 404 404 404 404 404 404 404 404 302
GET    /me/bills/999999999/ways                       none      404 404 404 404 404 404 404 404 404 302
GET    /me/bills/999999999/rate                       none      404 404 404 404 404 404 404 404 404 302
POST   /me/bills/999999999/rate                       rating    404 404 404 404 404 404 404 404 404 401
GET    /me/bills/999999999/pay                        none      404 404 404 404 404 404 404 404 404 302
POST   /me/bills/999999999/cancel                     empty     404 404 404 404 404 404 404 404 404 401
GET    /me/bills/999999999/complaints/new             none      404 404 404 404 404 404 404 404 404 302
POST   /me/bills/999999999/complaints/new             empty     404 404 404 404 404 404 404 404 404 401
GET    /me/complaints                                 none      200 200 200 200 200 200 200 200 200 302
GET    /me/complaints/999999999                       none      404 404 404 404 404 404 404 404 404 302
POST   /me/complaints/999999999/accept                empty     404 404 404 404 404 404 404 404 404 401
GET    /me/settings                                   none      200 200 200 200 200 200 200 200 200 200
POST   /me/settings/elder                             empty     302 302 302 302 302 302 302 302 302 302
GET    /m/AAAAAAAAAAAAAAAAAAAAAA                      none      404 404 404 404 404 404 404 404 404 404
GET    /wechat/events                                 none      401 401 401 401 401 401 401 401 401 401
POST   /wechat/events                                 empty     401 401 401 401 401 401 401 401 401 401
POST   /messages/999999999/like                       empty     404 404 404 404 404 404 404 404 404 401
GET    /me/settings/messages                          none      200 200 200 200 200 200 200 200 200 302
POST   /me/settings/messages                          empty     403 403 403 403 403 403 422 422 403 401
POST   /me/settings/messages/wechat                   empty     403 403 403 403 403 403 422 422 403 401
GET    /me/delegations                                none      200 200 200 200 200 200 200 200 200 302
GET    /me/delegations/new                            none      200 200 200 200 200 200 200 200 200 302
POST   /me/delegations/1/end                          empty     404 404 404 404 404 404 404 404 404 401
GET    /pay/local/{trade}                             none      404 404 404 404 404 404 200 404 404 302
POST   /pay/local/{trade}                             empty     404 404 404 404 404 404 302 404 404 401
POST   /payments/wechat/notify                        empty     401 401 401 401 401 401 401 401 401 401
GET    /payments/wechat/authorise                     none      403 403 403 403 403 403 302 302 403 302
GET    /payments/wechat/return                        none      403 403 403 403 403 403 403 403 403 302
POST   /payments/wechat/forget                        empty     403 403 403 403 403 403 302 302 403 401
GET    /payments/wechat/local/authorize               none      400 400 400 400 400 400 400 400 400 400
GET    /health                                        none      200 200 200 200 200 200 200 200 200 200
GET    /health/{plan}                                 none      200 200 200 200 200 200 200 200 200 200
POST   /health/{plan}/apply                           empty     422 422 422 422 422 422 422 422 422 401
GET    /health/places/{place}                         none      404 404 404 404 404 404 200 404 404 302
POST   /health/places/{place}/pay                     empty     404 404 404 404 404 404 422 404 404 401
GET    /health/places/{place}/dates                   none      404 404 404 404 404 404 200 404 404 302
POST   /health/places/{place}/book                    empty     404 404 404 404 404 404 409 404 404 401
GET    /health/places/{place}/cancel                  none      404 404 404 404 404 404 200 404 404 302
POST   /health/places/{place}/cancel                  empty     404 404 404 404 404 404 302 404 404 401
GET    /health/desk                                   none      403 403 403 403 403 403 403 403 403 302
POST   /health/desk/look                              look      403 403 403 403 403 403 403 403 403 401
POST   /health/desk/attend                            look      403 403 403 403 403 403 403 403 403 401
GET    /mall                                          none      200 200 200 200 200 200 200 200 200 200
GET    /mall/favourites                               none      403 403 403 403 403 403 200 200 403 302
GET    /mall/products/{product}                       none      200 200 200 200 200 200 200 200 200 200
GET    /mall/products/{drafted}                       none      200 200 404 404 404 404 404 404 404 404
GET    /mall/pictures/{shown}-{size}.webp             none      200 200 200 200 200 200 200 200 200 200
GET    /mall/pictures/{hidden}-{size}.webp            none      200 200 404 404 404 404 404 404 404 404
POST   /mall/products/{product}/favourite             empty     403 403 403 403 403 403 302 302 403 401
POST   /mall/products/{product}/basket                empty     403 403 403 403 403 403 302 302 403 401
GET    /mall/basket                                   none      403 403 403 403 403 403 200 200 403 302
GET    /mall/checkout                                 none      403 403 403 403 403 403 302 302 403 302
POST   /mall/checkout                                 empty     403 403 403 403 403 403 422 422 403 401
GET    /mall/orders                                   none      403 403 403 403 403 403 200 200 403 302
GET    /mall/orders/{order}                           none      403 403 403 403 403 403 200 404 403 302
POST   /mall/orders/{order}/pay                       empty     403 403 403 403 403 403 422 404 403 401
POST   /mall/orders/{order}/cancel                    empty     403 403 403 403 403 403 302 404 403 401
POST   /mall/orders/{order}/receive                   empty     403 403 403 403 403 403 409 404 403 401
POST   /mall/orders/{order}/refund                    empty     403 403 403 403 403 403 409 404 403 401
GET    /mall/lines/{line}/after-sale                  none      403 403 403 403 403 403 200 404 403 302
POST   /mall/lines/{line}/after-sale                  empty     403 403 403 403 403 403 422 404 403 401
POST   /mall/after-sales/999999999/withdraw           empty     403 403 403 403 403 403 404 404 403 401
GET    /join                                          none      200 200 200 200 200 200 200 200 200 200
GET    /join/p/NOSUCHXX                               none      200 200 200 200 200 200 200 200 200 200
GET    /join/unions                                   none      200 200 200 200 200 200 200 200 200 200
GET    /join/regions                                  none      200 200 200 200 200 200 200 200 200 200
GET    /join/apply                                    none      302 302 302 302 302 302 302 302 302 302
POST   /join/apply                                    empty     302 302 302 302 302 302 302 302 302 401
GET    /join/applications                             none      200 200 200 200 200 200 200 200 200 302
GET    /join/applications/999999999                   none      404 404 404 404 404 404 404 404 404 302
GET    /join/applications/999999999/edit              none      404 404 404 404 404 404 404 404 404 302
POST   /join/applications/999999999/edit              empty     404 404 404 404 404 404 404 404 404 401
POST   /join/applications/999999999/withdraw          empty     404 404 404 404 404 404 404 404 404 401
GET    /merchant/mall/products/new                    none      403 403 403 403 403 403 403 403 403 302
POST   /merchant/mall/products/new                    empty     403 403 403 403 403 403 403 403 403 401
GET    /merchant/mall/products/{product}              none      403 403 403 403 403 403 403 403 403 302
POST   /merchant/mall/products/{product}/submit       empty     403 403 403 403 403 403 403 403 403 401
POST   /merchant/mall/products/{drafted}/pictures     empty     403 403 403 403 403 403 403 403 403 401
POST   /merchant/mall/pictures/999999999/remove       empty     403 403 403 403 403 403 403 403 403 401
POST   /merchant/mall/orders/{order}/accept           empty     403 403 403 403 403 403 403 403 403 401
POST   /merchant/mall/after-sales/999999999/agree     empty     403 403 403 403 403 403 403 403 403 401
GET    /merchant/panels/mall                          none      403 403 403 403 403 403 403 403 403 302
GET    /invite                                        none      200 200 200 200 200 200 200 200 200 302
GET    /messages                                      none      200 200 200 200 200 200 200 200 200 302
POST   /messages/read                                 empty     302 302 302 302 302 302 302 302 302 401
GET    /messages/1                                    none      404 404 404 404 404 404 404 404 404 302
POST   /sign-out                                      empty     302 302 302 302 302 302 302 302 302 302
GET    /console/sign-in                               none      302 302 302 302 200 302 200 200 200 200
GET    /console/password                              none      200 200 200 200 302 200 302 302 302 302
POST   /console/password                              empty     422 422 422 422 302 422 302 302 302 302
GET    /console/recovery                              none      200 200 200 200 302 200 302 302 302 302
POST   /console/recovery                              empty     422 422 422 422 302 422 302 302 302 302
GET    /console/devices                               none      200 200 200 200 302 200 302 302 302 302
POST   /console/devices/end                           empty     302 302 302 302 302 302 302 302 302 302
POST   /console/devices/1/end                         empty     404 404 404 404 302 404 302 302 302 302
GET    /merchant                                      none      200 200 200 200 200 200 200 200 200 302
GET    /merchant/apply                                none      200 200 200 200 200 200 200 200 200 302
POST   /merchant/apply                                empty     302 302 302 302 302 302 302 302 302 401
POST   /merchant/applications/1/withdraw              empty     404 404 404 404 404 404 404 404 404 401
GET    /merchant/agreements/1                         none      404 404 404 404 404 404 404 404 404 302
GET    /merchant/stores                               none      403 403 403 403 403 403 403 403 403 302
POST   /merchant/stores/{store}/clerks                empty     404 404 404 404 404 404 404 404 404 401
GET    /merchant/stores/{store}/place                 none      404 404 404 404 404 404 404 404 404 302
POST   /merchant/stores/{store}/place                 empty     404 404 404 404 404 404 404 404 404 401
POST   /merchant/clerks/999999999/end                 empty     404 404 404 404 404 404 404 404 404 401
GET    /merchant/partners/999999999/payout            none      404 404 404 404 404 404 404 404 404 302
GET    /merchant/partners/999999999/leave             none      404 404 404 404 404 404 404 404 404 302
GET    /merchant/panels/none                          none      404 404 404 404 404 404 404 404 404 302
GET    /merchant/panels/money                         none      403 403 403 403 403 403 403 403 403 302
GET    /merchant/panels/prices                        none      403 403 403 403 403 403 403 403 403 302
GET    /merchant/panels/traffic                       none      403 403 403 403 403 403 403 403 403 302
GET    /merchant/panels/ratings                       none      403 403 403 403 403 403 403 403 403 302
GET    /merchant/totals                               none      404 404 404 404 404 404 404 404 404 302
GET    /merchant/totals.json                          none      404 404 404 404 404 404 404 404 404 302
GET    /merchant/panels/complaints                    none      403 403 403 403 403 403 403 403 403 302
POST   /merchant/complaints/999999999/agree           empty     403 403 403 403 403 403 403 403 403 401
GET    /merchant/statements/1                         none      404 404 404 404 404 404 404 404 404 302
POST   /merchant/statements/1/confirm                 empty     404 404 404 404 404 404 404 404 404 401
POST   /merchant/statements/1/dispute                 empty     404 404 404 404 404 404 404 404 404 401
GET    /merchant/statements/1/sheet.xlsx              none      404 404 404 404 404 404 404 404 404 302
GET    /clerk/                                        none      403 403 403 403 200 403 403 403 403 302
POST   /clerk/look                                    look      403 403 403 403 200 403 403 403 403 401
POST   /clerk/redeem                                  redeem    403 403 403 403 200 403 403 403 403 401
GET    /clerk/pack                                    none      403 403 403 403 200 403 403 403 403 302
POST   /clerk/reconcile                               empty     403 403 403 403 422 403 403 403 403 401
GET    /clerk/day                                     none      403 403 403 403 200 403 403 403 403 302
GET    /clerk/till                                    none      403 403 403 403 200 403 403 403 403 302
POST   /clerk/till/quote                              empty     403 403 403 403 200 403 403 403 403 401
POST   /clerk/till/sell                               empty     403 403 403 403 422 403 403 403 403 401
POST   /clerk/till/offline                            empty     403 403 403 403 422 403 403 403 403 401
GET    /clerk/bills                                   none      403 403 403 403 200 403 403 403 403 302
GET    /clerk/bills/999999999                         none      403 403 403 403 404 403 403 403 403 302
GET    /clerk/bills/999999999/state                   none      403 403 403 403 404 403 403 403 403 302
GET    /clerk/bills/999999999/refund                  none      403 403 403 403 404 403 403 403 403 302
POST   /clerk/bills/999999999/refund                  empty     403 403 403 403 404 403 403 403 403 401
POST   /clerk/bills/999999999/cancel                  empty     403 403 403 403 404 403 403 403 403 401
GET    /api/v1/openapi.json                           none      200 200 200 200 200 200 200 200 200 200
GET    /api/v1/docs                                   none      200 200 200 200 200 200 200 200 200 200
POST   /api/v1/session/code                           phone     200 200 200 200 200 200 200 200 200 200
POST   /api/v1/session                                phonecode 422 422 422 422 422 422 422 422 422 422
POST   /api/v1/session/proof                          apiproof  401 401 401 401 401 401 401 401 401 401
POST   /api/v1/session/not-me                         apinotme  401 401 401 401 401 401 401 401 401 401
DELETE /api/v1/session                                none      401 401 401 401 204 401 204 204 204 401
GET    /api/v1/me                                     none      401 401 401 401 200 401 200 200 200 401
POST   /api/v1/me/verification                        verify    401 401 401 401 422 401 409 422 422 401
GET    /api/v1/me/messages                            none      401 401 401 401 200 401 200 200 200 401
POST   /api/v1/me/messages/read                       none      401 401 401 401 204 401 204 204 204 401
GET    /api/v1/me/message-settings                    none      401 401 401 401 200 401 200 200 200 401
PUT    /api/v1/me/message-settings/switch             empty     401 401 401 401 422 401 422 422 422 401
PUT    /api/v1/me/message-settings/quiet-hours        empty     401 401 401 401 422 401 422 422 422 401
GET    /api/v1/me/wechat-messages                     none      401 401 401 401 200 401 200 200 200 401
POST   /api/v1/me/wechat-messages                     empty     401 401 401 401 422 401 422 422 422 401
PUT    /api/v1/me/messages/999999999/like             none      401 401 401 401 404 401 404 404 404 401
DELETE /api/v1/me/messages/999999999/like             none      401 401 401 401 404 401 404 404 404 401
GET    /api/v1/me/bookable                            none      401 401 401 401 200 401 200 200 200 401
GET    /api/v1/holidays                               none      200 200 200 200 200 200 200 200 200 200
GET    /api/v1/kinds                                  none      200 200 200 200 200 200 200 200 200 200
GET    /api/v1/activities                             none      200 200 200 200 200 200 200 200 200 200
GET    /api/v1/activities/{activity}                  none      200 200 200 200 200 200 200 200 200 200
GET    /api/v1/activities/{draft}                     none      404 404 404 404 404 404 404 404 404 404
PUT    /api/v1/activities/{activity}/like             none      401 401 401 401 204 401 204 204 204 401
DELETE /api/v1/activities/{activity}/like             none      401 401 401 401 204 401 204 204 204 401
PUT    /api/v1/releases/{release}/reminder            none      401 401 401 401 401 401 409 409 401 401
DELETE /api/v1/releases/{release}/reminder            none      401 401 401 401 204 401 204 204 204 401
POST   /api/v1/pools/{pool}/pass                      seats     401 401 401 401 403 401 409 403 403 401
POST   /api/v1/pools/{pool}/claims                    claim     401 401 401 401 403 401 200 403 403 401
DELETE /api/v1/pools/{pool}/waiting                   none      401 401 401 401 409 401 409 409 409 401
PUT    /api/v1/pools/{lots_pool}/entry                seats     401 401 401 401 401 401 409 403 401 401
DELETE /api/v1/pools/{lots_pool}/entry                none      401 401 401 401 401 401 409 409 401 401
GET    /api/v1/releases/{lots}/draws                  none      200 200 200 200 200 200 200 200 200 200
GET    /api/v1/tickets                                none      401 401 401 401 200 401 200 200 200 401
GET    /api/v1/waiting                                none      401 401 401 401 200 401 200 200 200 401
GET    /api/v1/tickets/{code}                         none      401 401 401 401 404 401 200 404 404 401
POST   /api/v1/tickets/{code}/confirm                 empty     401 401 401 401 404 401 200 404 404 401
POST   /api/v1/tickets/{code}/rating                  rating    401 401 401 401 404 401 403 404 404 401
DELETE /api/v1/tickets/{code}                         none      401 401 401 401 404 401 204 404 404 401
GET    /api/v1/points                                 none      401 401 401 401 200 401 200 200 200 401
GET    /api/v1/points/statement                       none      401 401 401 401 200 401 200 200 200 401
POST   /api/v1/counter/look                           apilook   401 401 401 401 200 401 403 403 403 401
POST   /api/v1/counter/redeem                         apiredeem 401 401 401 401 200 401 403 403 403 401
GET    /api/v1/offers                                 none      200 200 200 200 200 200 200 200 200 200
GET    /api/v1/stores                                 none      200 200 200 200 200 200 200 200 200 200
POST   /api/v1/offers/quote                           apiquote  401 401 401 401 404 401 404 404 404 401
GET    /api/v1/me/bills                               none      401 401 401 401 200 401 200 200 200 401
GET    /api/v1/me/bills/999999999                     none      401 401 401 401 404 401 404 404 404 401
POST   /api/v1/me/bills/999999999/rating              rating    401 401 401 401 404 401 404 404 404 401
GET    /api/v1/me/wechat                              none      401 401 401 401 200 401 200 200 200 401
POST   /api/v1/me/wechat                              empty     401 401 401 401 422 401 422 422 422 401
DELETE /api/v1/me/wechat                              none      401 401 401 401 403 401 204 204 403 401
GET    /api/v1/health/plans                           none      200 200 200 200 200 200 200 200 200 200
GET    /api/v1/health/plans/{plan}                    none      200 200 200 200 200 200 200 200 200 200
POST   /api/v1/health/plans/{plan}/places             apiplace  401 401 401 401 422 401 422 422 422 401
GET    /api/v1/me/health                              none      401 401 401 401 200 401 200 200 200 401
GET    /api/v1/me/health/{place}                      none      401 401 401 401 404 401 200 404 404 401
GET    /api/v1/me/health/{place}/slots                none      401 401 401 401 404 401 200 404 404 401
POST   /api/v1/me/health/{place}/payment              empty     401 401 401 401 404 401 422 404 404 401
PUT    /api/v1/me/health/{place}/slot                 apislot   401 401 401 401 404 401 409 404 404 401
DELETE /api/v1/me/health/{place}                      none      401 401 401 401 404 401 200 404 404 401
GET    /api/v1/mall/sections                          none      200 200 200 200 200 200 200 200 200 200
GET    /api/v1/mall/products                          none      200 200 200 200 200 200 200 200 200 200
GET    /api/v1/mall/products/{product}                none      200 200 200 200 200 200 200 200 200 200
GET    /api/v1/mall/products/{drafted}                none      404 404 404 404 404 404 404 404 404 404
POST   /api/v1/mall/quote                             apibasket 401 401 401 401 403 401 200 200 403 401
POST   /api/v1/mall/orders                            apiorder  401 401 401 401 403 401 200 200 403 401
GET    /api/v1/me/mall/orders                         none      401 401 401 401 200 401 200 200 200 401
GET    /api/v1/me/mall/orders/{order}                 none      401 401 401 401 404 401 200 404 404 401
POST   /api/v1/me/mall/orders/{order}/payment         none      401 401 401 401 404 401 422 404 404 401
POST   /api/v1/me/mall/orders/{order}/cancel          none      401 401 401 401 404 401 200 404 404 401
POST   /api/v1/me/mall/orders/{order}/receive         none      401 401 401 401 404 401 409 404 404 401
POST   /api/v1/me/mall/orders/{order}/refund          apiwhy    401 401 401 401 404 401 409 404 404 401
POST   /api/v1/me/mall/lines/{line}/after-sales       apiwhy    401 401 401 401 404 401 409 404 404 401
POST   /api/v1/me/mall/after-sales/999999999/withdraw none      401 401 401 401 404 401 404 404 404 401
POST   /api/v1/me/mall/after-sales/999999999/appeal   none      401 401 401 401 404 401 404 404 404 401
POST   /api/v1/me/mall/after-sales/999999999/sent     apisent   401 401 401 401 404 401 404 404 404 401
POST   /api/v1/me/bills/999999999/complaints          apicompl  401 401 401 401 404 401 404 404 404 401
GET    /api/v1/me/invitation                          none      401 401 401 401 403 401 200 200 403 401
GET    /api/v1/me/complaints                          none      401 401 401 401 200 401 200 200 200 401
GET    /api/v1/me/complaints/999999999                none      401 401 401 401 404 401 404 404 404 401
POST   /api/v1/me/complaints/999999999/accept         none      401 401 401 401 404 401 404 404 404 401
POST   /api/v1/me/complaints/999999999/escalate       empty     401 401 401 401 404 401 404 404 404 401
POST   /api/v1/me/complaints/999999999/withdraw       none      401 401 401 401 404 401 404 404 404 401
GET    /api/v1/join/unions                            none      200 200 200 200 200 200 200 200 200 200
GET    /api/v1/join/regions                           none      200 200 200 200 200 200 200 200 200 200
GET    /api/v1/join/groups                            none      200 200 200 200 200 200 200 200 200 200
POST   /api/v1/join/applications                      apijoin   401 401 401 401 409 401 409 409 409 401
GET    /api/v1/me/join/applications                   none      401 401 401 401 200 401 200 200 200 401
GET    /api/v1/me/join/applications/999999999         none      401 401 401 401 404 401 404 404 404 401
PUT    /api/v1/me/join/applications/999999999         apijoin   401 401 401 401 404 401 404 404 404 401
POST   /api/v1/me/join/applications/999999999/withdraw none     401 401 401 401 404 401 404 404 404 401
GET    /api/v1/me/memberships                         none      401 401 401 401 200 401 200 200 200 401
GET    /api/v1/me/transfers                           none      401 401 401 401 200 401 200 200 200 401
GET    /api/v1/me/transfers/unions                    none      401 401 401 401 200 401 200 200 200 401
POST   /api/v1/me/transfers                           apitransfer 401 401 401 401 403 401 422 403 403 401
GET    /api/v1/me/transfers/999999999                 none      401 401 401 401 404 401 404 404 404 401
POST   /api/v1/me/transfers/999999999/aim             apiaim    401 401 401 401 404 401 404 404 404 401
POST   /api/v1/me/transfers/999999999/cancel          none      401 401 401 401 404 401 404 404 404 401
GET    /api/v1/merchant/statements                    none      401 401 401 401 200 401 200 200 200 401
GET    /api/v1/merchant/statements/999999999          none      401 401 401 401 404 401 404 404 404 401
GET    /api/v1/merchant/statements/999999999/lines    none      401 401 401 401 404 401 404 404 404 401
POST   /api/v1/merchant/statements/999999999/confirm  apitotal  401 401 401 401 404 401 404 404 404 401
POST   /api/v1/merchant/statements/999999999/disputes apiline   401 401 401 401 404 401 404 404 404 401
POST   /api/v1/counter/sales/quote                    apiquote  401 401 401 401 409 401 403 403 403 401
POST   /api/v1/counter/sales                          apisale   401 401 401 401 422 401 403 403 403 401
GET    /api/v1/counter/bills/999999999                none      401 401 401 401 404 401 404 404 404 401
POST   /api/v1/counter/bills/999999999/refunds        apirefund 401 401 401 401 404 401 404 404 404 401
"""
DOORS = [line.split() for line in TABLE.strip().splitlines()]
# One of several words in the address: each word leads to the same door.
MANY_VERBS = (
    "mall/orders/{order}/{verb}",
    "mall/after-sales/{after_sale}/{verb}",
    "merchant/mall/products/{product}/{verb}",
    "merchant/mall/pictures/{picture}/{verb}",
    "merchant/mall/orders/{order}/{verb}",
    "merchant/mall/after-sales/{after_sale}/{verb}",
    "me/complaints/{complaint}/{verb}",
    "merchant/complaints/{complaint}/{verb}",
)
WALKED_BY_THE_CONTRACT = ("console/",)  # each screen of the back office: kit.console.contract


def body_of(word, stage):
    """The body with the stage's ids in it; numbers stay numbers."""
    body = BODIES[word]
    if body is None:
        return None
    return {name: filled(name, value, stage) for name, value in body.items()}


def filled(name, value, stage):
    if isinstance(value, list):
        return [
            {k: filled(k, v, stage) for k, v in one.items()} if isinstance(one, dict) else one
            for one in value
        ]
    if not isinstance(value, str):
        return value
    text = value.format(**stage.facts)
    return int(text) if name in ("pool", "store_id", "product_id") else text


@pytest.mark.big
@pytest.mark.parametrize("door", DOORS, ids=lambda d: f"{d[0]} {d[1]} {d[2]}")
def test_door_answers_each_of_the_cast_as_the_table_says(door, played):
    method, path, word, *expected = door
    cast, stage = played
    found = []
    before = fingerprint()
    for who in WHO.values():
        mark, written = transaction.savepoint(), rows_written()
        answer = knock(cast, who, method, stage.address(path), body_of(word, stage))
        found.append(str(answer.status_code))
        refused = answer.status_code in (401, 403, 404) or "/sign-in" in answer.headers.get("Location", "")
        if refused and f"{method} {path}" not in COUNTED and rows_written() != written:
            assert fingerprint() == before, who
        transaction.savepoint_rollback(mark)
    assert dict(zip(WHO, found, strict=True)) == dict(zip(WHO, expected, strict=True))


def addresses(resolver, prefix=""):
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            yield from addresses(pattern, prefix + str(pattern.pattern))
        else:
            yield prefix + str(pattern.pattern)


def plain(address):
    """`^tickets/(?P<code>…)/?$` and `/tickets/{code}` in one form: tickets/*"""
    address = re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)|<[^>]*>|\{[^}]*\}", "*", address)
    return address.replace("^", "").replace("/?$", "").replace("$", "").replace("\\", "").strip("/")


def test_every_address_stands_in_the_table():
    walked = {re.sub(r"(?<=/)\d+", "*", plain(path)) for _method, path, *_rest in DOORS}
    walked |= {"me/data/download.*", "me/consents/*/*", "merchant/panels/*", "api/v1", "join/p/*"}
    walked |= {"me/data/download.*", "me/consents/*/*", "merchant/panels/*", "api/v1", "m/*"}
    walked |= {plain(path) for path in MANY_VERBS}
    every = {plain(a) for a in addresses(get_resolver()) if not a.startswith(WALKED_BY_THE_CONTRACT)}
    assert every - walked == {"^_gallery"} & every
