-- SPDX-License-Identifier: MIT
-- Times as ACME servers write them, to seconds since the epoch.
local when = {}

local DAY = 86400

-- Days since 1970-01-01 of a day in the Gregorian calendar; years begin in March, so that the leap day is their last.
local function days(year, month, day)
  if month < 3 then year, month = year - 1, month + 12 end
  return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469
end

local function seconds(year, month, day, hour, min, sec)
  if month < 1 or month > 12 or day < 1 or day > 31 or hour > 23 or min > 59 or sec > 60 then return nil end
  return days(year, month, day) * DAY + hour * 3600 + min * 60 + sec
end

local function integers(...)
  local list = table.pack(...)
  for i = 1, list.n do list[i] = math.tointeger(tonumber(list[i])) end
  return table.unpack(list, 1, list.n)
end

-- Of an RFC 3339 time, in UTC or with an offset, fractions left out; nil: it is none.
function when.rfc3339(text)
  if type(text) ~= "string" or #text > 64 then return nil end
  local date, rest = text:match "^(%d%d%d%d%-%d%d%-%d%d[Tt]%d%d:%d%d:%d%d)(.*)$"
  rest = rest and rest:gsub("^%.%d+", "")
  local sign, hours, minutes = (rest or ""):match "^([+-])(%d%d):(%d%d)$"
  if not date or not sign and rest ~= "Z" and rest ~= "z" then return nil end
  local at = seconds(integers(date:match "(%d+)-(%d+)-(%d+).(%d+):(%d+):(%d+)"))
  if not at or not sign then return at end
  hours, minutes = integers(hours, minutes)
  if hours > 23 or minutes > 59 then return nil end
  return at - (sign == "-" and -1 or 1) * (hours * 3600 + minutes * 60)
end

local months = {}
for i, name in ipairs { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" } do
  months[name] = i
end

-- Of an IMF-fixdate (RFC 9110 section 5.6.7); nil: it is none.
function when.http_date(text)
  local day, month, year, hour, min, sec = text:match "^%a+, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$"
  if not months[month] then return nil end
  return seconds(integers(year, months[month], day, hour, min, sec))
end

return when
