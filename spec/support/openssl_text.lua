-- Texts of the openssl command beside ours.
--
--   openssl_text.alike(text)   what we print better, made alike on both sides: directory names in one form, line breaks
--                              that openssl forgets or doubles, spaces at the end of a line, the zero bit of
--                              ReasonFlags, the parameters of RSASSA-PSS
local openssl_text = {}

-- openssl puts those of the signature behind its title, tells of defaults, and counts the salt in hexadecimal.
local function pss(text)
  return (text:gsub("Salt Length: 0x(%x+)", function(digits) return "Salt Length: " .. tonumber(digits, 16) end)
    :gsub("\n +Trailer Field: [^\n]*", "")
    :gsub("\n +No PSS parameter restrictions", "")
    :gsub("\n +(Hash Algorithm: [^\n]*)\n +(Mask Algorithm: [^\n]*)\n +(Salt Length: %d+)", "\n%1\n%2\n%3")
    :gsub("(    Signature Value:\n)(Hash [^\n]*\nMask [^\n]*\nSalt [^\n]*\n)", "%2%1"))
end

function openssl_text.alike(text)
  return pss(text:gsub("([^\n ]) +Reasons:\n", "%1\n                Reasons:\n")
    :gsub("([^\n ]) +CRL Issuer:", "%1\n                CRL Issuer:")
    :gsub("DirName:[^\n]*", "DirName:")
    :gsub("Unused, ", "")
    :gsub("\n +(Unknown Qualifier)", "\n%1")
    :gsub("(Unique ID:)%s+", "%1 ")
    :gsub(" +\n", "\n")
    :gsub("\n\n", "\n"))
end

return openssl_text
