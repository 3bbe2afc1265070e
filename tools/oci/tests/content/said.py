from tools.oci.tests.content.saying import WORD

print(WORD)
