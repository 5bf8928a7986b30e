-- SPDX-License-Identifier: MIT
-- OpenSSL's long names of the attributes of names, and its short names of signature algorithms: what LuaSec's
-- cert:subject, cert:extensions and cert:getsignaturename tell.
local oids = {}

oids.attributes = {
  ["2.5.4.3"] = "commonName", ["2.5.4.4"] = "surname", ["2.5.4.5"] = "serialNumber", ["2.5.4.6"] = "countryName",
  ["2.5.4.7"] = "localityName", ["2.5.4.8"] = "stateOrProvinceName", ["2.5.4.9"] = "streetAddress",
  ["2.5.4.10"] = "organizationName", ["2.5.4.11"] = "organizationalUnitName", ["2.5.4.12"] = "title",
  ["2.5.4.13"] = "description", ["2.5.4.14"] = "searchGuide", ["2.5.4.15"] = "businessCategory",
  ["2.5.4.16"] = "postalAddress", ["2.5.4.17"] = "postalCode", ["2.5.4.18"] = "postOfficeBox",
  ["2.5.4.19"] = "physicalDeliveryOfficeName", ["2.5.4.20"] = "telephoneNumber", ["2.5.4.41"] = "name",
  ["2.5.4.42"] = "givenName", ["2.5.4.43"] = "initials", ["2.5.4.44"] = "generationQualifier",
  ["2.5.4.45"] = "x500UniqueIdentifier", ["2.5.4.46"] = "dnQualifier", ["2.5.4.51"] = "houseIdentifier",
  ["2.5.4.54"] = "dmdName", ["2.5.4.65"] = "pseudonym", ["2.5.4.72"] = "role", ["2.5.4.97"] = "organizationIdentifier",
  ["0.9.2342.19200300.100.1.1"] = "userId", ["0.9.2342.19200300.100.1.3"] = "rfc822Mailbox",
  ["0.9.2342.19200300.100.1.25"] = "domainComponent", ["1.2.840.113549.1.9.1"] = "emailAddress",
  ["1.2.840.113549.1.9.2"] = "unstructuredName", ["1.2.840.113549.1.9.8"] = "unstructuredAddress",
  ["1.3.6.1.4.1.311.60.2.1.1"] = "jurisdictionLocalityName",
  ["1.3.6.1.4.1.311.60.2.1.2"] = "jurisdictionStateOrProvinceName",
  ["1.3.6.1.4.1.311.60.2.1.3"] = "jurisdictionCountryName",
}

-- otherName's of subject alternative names
oids.other_names = {
  ["1.3.6.1.5.5.7.8.5"] = "XmppAddr", ["1.3.6.1.5.5.7.8.7"] = "SRVName", ["1.3.6.1.5.5.7.8.9"] = "Smtp UTF8 Mailbox",
  ["1.3.6.1.4.1.311.20.2.3"] = "Microsoft User Principal Name",
}

oids.signatures = {
  ["1.2.840.113549.1.1.4"] = "RSA-MD5", ["1.2.840.113549.1.1.5"] = "RSA-SHA1", ["1.2.840.113549.1.1.10"] = "RSASSA-PSS",
  ["1.2.840.113549.1.1.11"] = "RSA-SHA256", ["1.2.840.113549.1.1.12"] = "RSA-SHA384",
  ["1.2.840.113549.1.1.13"] = "RSA-SHA512", ["1.2.840.113549.1.1.14"] = "RSA-SHA224",
  ["1.2.840.10045.4.1"] = "ecdsa-with-SHA1", ["1.2.840.10045.4.3.1"] = "ecdsa-with-SHA224",
  ["1.2.840.10045.4.3.2"] = "ecdsa-with-SHA256", ["1.2.840.10045.4.3.3"] = "ecdsa-with-SHA384",
  ["1.2.840.10045.4.3.4"] = "ecdsa-with-SHA512", ["1.3.101.112"] = "ED25519", ["1.3.101.113"] = "ED448",
  ["1.2.840.10040.4.3"] = "DSA-SHA1", ["2.16.840.1.101.3.4.3.1"] = "dsa_with_SHA224",
  ["2.16.840.1.101.3.4.3.2"] = "dsa_with_SHA256",
}

return oids
