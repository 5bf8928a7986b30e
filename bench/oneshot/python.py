# python.py URL CA.pem - one verified GET
import ssl
import sys
import urllib.request

context = ssl.create_default_context(cafile=sys.argv[2])
with urllib.request.urlopen(sys.argv[1], context=context) as response:
    assert response.status == 200
    sys.stdout.buffer.write(response.read())
