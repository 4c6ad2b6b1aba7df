#!/usr/bin/env bash
# ruby-odbc: the narrow module (an ODBC 2 application) and the UTF-8 one.
. "$(dirname "$0")/lib/common.sh"
need ruby
ruby -e 'require "odbc"' 2>/dev/null || /usr/bin/ruby -e 'require "odbc"' 2>/dev/null || skip "ruby-odbc is not installed: tests/deps.sh clients"
ruby=ruby
ruby -e 'require "odbc"' 2>/dev/null || ruby=/usr/bin/ruby
# Debian's build looks for a manager of an older name, and uses the one that is already loaded.
LD_PRELOAD=libodbc.so.2 $ruby "$here/ruby_client.rb" odbc
narrow=$?
LD_PRELOAD=libodbc.so.2 $ruby "$here/ruby_client.rb" odbc_utf8 && [ $narrow = 0 ]
