import sys; sys.path.insert(0,'/work/main')
from tests.storefront.staff.test_password import *
def test_x(app):
    member("owner", password=PASSWORD)
    b=Browser(app)
    r=b.send("/staff/password", email="ann@example.com"); print(r.status, r.text[:300], b.get('/staff/sign-in').text[1500:4000]); print(letters())
