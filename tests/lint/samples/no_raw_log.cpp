path: gateway/app/x.cpp
log_info("{}", phone.reveal());
